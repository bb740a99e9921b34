with addresses as (
  select *, case when regexp_like(owner_id, '^[0-9]{12}$') then owner_id else account_id end as owner,
    row_number() over (
      partition by coalesce(arn, concat(coalesce(owner_id, account_id), region, id))
      order by case when account_id = owner_id then 0 else 1 end, account_id
    ) as copy
  from current_ec2_addresses
)
select owner as account_id, region,
  coalesce(nullif(public_ip, ''), nullif(carrier_ip, ''), nullif(customer_owned_ip, '')) as public_ip,
  nullif(allocation_id, '') as allocation_id, nullif(element_at(tags, 'Name'), '') as name,
  nullif(public_ipv4_pool, '') as public_ipv4_pool, nullif(network_border_group, '') as network_border_group,
  nullif(service_managed, '') as service_managed
from addresses
where copy = 1
  and coalesce(association_id, '') = '' and coalesce(network_interface_id, '') = '' and coalesce(instance_id, '') = ''
order by 1, 2, 3, 4, 5, 6, 7, 8;
