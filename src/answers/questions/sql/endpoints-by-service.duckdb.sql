with seen_endpoints as (
  select *, if(regexp_full_match(owner_id, '[0-9]{12}'), owner_id, account_id) as owner_account
  from current_ec2_vpc_endpoints
  where state is null or lower(state) <> 'deleted'
),
endpoints as (
  select * from seen_endpoints
  qualify row_number() over (
    partition by coalesce(arn, owner_account || region || id)
    order by case when account_id = owner_account then 0 else 1 end, account_id) = 1
)
select null::varchar as account_id, region,
  coalesce(service_name, service_network_arn, resource_configuration_arn) as service_name, vpc_endpoint_type,
  count(*) as endpoints,
  to_json(list(distinct owner_account order by owner_account)) as account_ids,
  to_json(coalesce(list(distinct vpc_id order by vpc_id) filter (where vpc_id is not null), [])) as vpc_ids,
  to_json(list(distinct id order by id)) as ids
from endpoints
group by region, coalesce(service_name, service_network_arn, resource_configuration_arn), vpc_endpoint_type
order by all;
