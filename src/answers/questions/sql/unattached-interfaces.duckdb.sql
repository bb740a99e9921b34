with interfaces as (
  select *, case when regexp_full_match(owner_id, '[0-9]{12}') then owner_id else account_id end as owner,
    row_number() over (
      partition by coalesce(arn, concat(coalesce(owner_id, account_id), region, id))
      order by case when account_id = owner_id then 0 else 1 end, account_id
    ) as copy
  from current_ec2_network_interfaces
)
select owner as account_id, region, id as network_interface_id, nullif(tags['Name'], '') as name,
  coalesce(requester_managed, false) or coalesce((operator->>'Managed') = 'true', false) as requester_managed,
  nullif(requester_id, '') as requester_id, nullif(interface_type, '') as interface_type,
  nullif(description, '') as description, nullif(vpc_id, '') as vpc_id, nullif(subnet_id, '') as subnet_id,
  nullif(private_ip_address, '') as private_ip_address
from interfaces
where copy = 1 and status = 'available'
order by all;
