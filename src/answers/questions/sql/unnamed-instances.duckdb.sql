with instances as (
  select *, row_number() over (
    partition by coalesce(arn, owner || region || id)
    order by case when account_id = owner then 0 else 1 end, account_id
  ) as place
  from (
    select *, case when regexp_full_match(owner_id, '[0-9]{12}') then owner_id else account_id end as owner
    from current_ec2_instances
  ) as t
)
select owner as account_id, region, id, arn, json_extract_string(state, '$.Name') as state, instance_type,
  private_ip_address, launch_time
from instances
where place = 1 and account_id = owner and nullif(tags['Name'], '') is null
  and coalesce(json_extract_string(state, '$.Name'), '') <> 'terminated'
order by 1, 2, 3, 4, 5, 6, 7, 8
