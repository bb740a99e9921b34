with resources as (
  select 'ec2_instances' as "table", account_id, owner_id, region, id, arn, tags,
    json_extract_string(state, '$.Name') as state
  from current_ec2_instances
  union all
  select 'ec2_key_pairs' as "table", account_id, owner_id, region, id, arn, tags, cast(null as varchar) as state
  from current_ec2_key_pairs
  union all
  select 'ec2_launch_templates' as "table", account_id, owner_id, region, id, arn, tags,
    cast(null as varchar) as state
  from current_ec2_launch_templates
  union all
  select 'ec2_volumes' as "table", account_id, owner_id, region, id, arn, tags, cast(null as varchar) as state
  from current_ec2_volumes
  union all
  select 'ec2_snapshots' as "table", account_id, owner_id, region, id, arn, tags, cast(null as varchar) as state
  from current_ec2_snapshots
  union all
  select 'ec2_images' as "table", account_id, owner_id, region, id, arn, tags, cast(null as varchar) as state
  from current_ec2_images
  union all
  select 'ec2_vpcs' as "table", account_id, owner_id, region, id, arn, tags, cast(null as varchar) as state
  from current_ec2_vpcs
  union all
  select 'ec2_subnets' as "table", account_id, owner_id, region, id, arn, tags, cast(null as varchar) as state
  from current_ec2_subnets
  union all
  select 'ec2_route_tables' as "table", account_id, owner_id, region, id, arn, tags, cast(null as varchar) as state
  from current_ec2_route_tables
  union all
  select 'ec2_security_groups' as "table", account_id, owner_id, region, id, arn, tags, cast(null as varchar) as state
  from current_ec2_security_groups
  union all
  select 'ec2_network_acls' as "table", account_id, owner_id, region, id, arn, tags, cast(null as varchar) as state
  from current_ec2_network_acls
  union all
  select 'ec2_addresses' as "table", account_id, owner_id, region, id, arn, tags, cast(null as varchar) as state
  from current_ec2_addresses
  union all
  select 'ec2_dhcp_options' as "table", account_id, owner_id, region, id, arn, tags, cast(null as varchar) as state
  from current_ec2_dhcp_options
  union all
  select 'ec2_flow_logs' as "table", account_id, owner_id, region, id, arn, tags, cast(null as varchar) as state
  from current_ec2_flow_logs
  union all
  select 'ec2_internet_gateways' as "table", account_id, owner_id, region, id, arn, tags,
    cast(null as varchar) as state
  from current_ec2_internet_gateways
  union all
  select 'ec2_nat_gateways' as "table", account_id, owner_id, region, id, arn, tags, state as state
  from current_ec2_nat_gateways
  union all
  select 'ec2_vpc_peering_connections' as "table", account_id, owner_id, region, id, arn, tags,
    json_extract_string(status, '$.Code') as state
  from current_ec2_vpc_peering_connections
  union all
  select 'ec2_vpc_endpoints' as "table", account_id, owner_id, region, id, arn, tags, state as state
  from current_ec2_vpc_endpoints
  union all
  select 'ec2_customer_gateways' as "table", account_id, owner_id, region, id, arn, tags, state as state
  from current_ec2_customer_gateways
  union all
  select 'ec2_vpn_gateways' as "table", account_id, owner_id, region, id, arn, tags, state as state
  from current_ec2_vpn_gateways
  union all
  select 'ec2_vpn_connections' as "table", account_id, owner_id, region, id, arn, tags, state as state
  from current_ec2_vpn_connections
  union all
  select 'ec2_transit_gateways' as "table", account_id, owner_id, region, id, arn, tags, state as state
  from current_ec2_transit_gateways
  union all
  select 'ec2_transit_gateway_vpc_attachments' as "table", account_id, owner_id, region, id, arn, tags, state as state
  from current_ec2_transit_gateway_vpc_attachments
  union all
  select 'ec2_transit_gateway_route_tables' as "table", account_id, owner_id, region, id, arn, tags, state as state
  from current_ec2_transit_gateway_route_tables
  union all
  select 'route53_hosted_zones' as "table", account_id, owner_id, region, id, arn, tags,
    cast(null as varchar) as state
  from current_route53_hosted_zones
  union all
  select 'route53_health_checks' as "table", account_id, owner_id, region, id, arn, tags,
    cast(null as varchar) as state
  from current_route53_health_checks
),
seen as (
  select *, row_number() over (
    partition by "table", coalesce(arn, owner || region || id)
    order by case when account_id = owner then 0 else 1 end, account_id
  ) as place
  from (
    select *, case when regexp_full_match(owner_id, '[0-9]{12}') then owner_id else account_id end as owner
    from resources
  ) as t
)
select owner as account_id, region, "table", id, arn, nullif(tags['Name'], '') as name, '["Name"]' as missing
from seen
where place = 1 and account_id = owner and tags['Name'] is null
  and lower(coalesce(state, '')) not in ('terminated', 'deleted', 'rejected', 'expired', 'failed')
order by 1, 2, 3, 4, 5, 6, 7
