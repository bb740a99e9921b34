with seen_endpoints as (
  select *, if(regexp_like(owner_id, '^[0-9]{12}$'), owner_id, account_id) as owner_account
  from current_ec2_vpc_endpoints
  where state is null or lower(state) <> 'deleted'
),
endpoints as (
  select * from (
    select *, row_number() over (
      partition by coalesce(arn, owner_account || region || id)
      order by case when account_id = owner_account then 0 else 1 end, account_id) as place
    from seen_endpoints
  )
  where place = 1
)
select cast(null as varchar) as account_id, region,
  coalesce(service_name, service_network_arn, resource_configuration_arn) as service_name, vpc_endpoint_type,
  count(*) as endpoints,
  json_format(cast(array_agg(distinct owner_account order by owner_account) as json)) as account_ids,
  coalesce(
    json_format(cast(array_agg(distinct vpc_id order by vpc_id) filter (where vpc_id is not null) as json)),
    '[]') as vpc_ids,
  json_format(cast(array_agg(distinct id order by id) as json)) as ids
from endpoints
group by region, coalesce(service_name, service_network_arn, resource_configuration_arn), vpc_endpoint_type
order by 1, 2, 3, 4, 5, 6, 7, 8;
