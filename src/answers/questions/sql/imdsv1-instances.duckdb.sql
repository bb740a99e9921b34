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
select owner as account_id, region, id, arn, nullif(tags['Name'], '') as name,
  json_extract_string(state, '$.Name') as state, public_ip_address,
  cast(json_extract_string(metadata_options, '$.HttpPutResponseHopLimit') as bigint) as hop_limit, launch_time
from instances
where place = 1 and coalesce(json_extract_string(state, '$.Name'), '') <> 'terminated'
  and json_extract_string(metadata_options, '$.HttpTokens') = 'optional'
  and json_extract_string(metadata_options, '$.HttpEndpoint') = 'enabled'
order by 1, 2, 3, 4, 5, 6, 7, 8, 9
