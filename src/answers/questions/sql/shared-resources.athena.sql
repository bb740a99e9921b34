with rows_seen as (
  select 'ec2_vpcs' as "table", account_id, owner_id, region, id, arn, tags, cast(null as varchar) as state
  from current_ec2_vpcs
  union all
  select 'ec2_subnets', account_id, owner_id, region, id, arn, tags, null from current_ec2_subnets
  union all
  select 'ec2_security_groups', account_id, owner_id, region, id, arn, tags, null from current_ec2_security_groups
  union all
  select 'ec2_managed_prefix_lists', account_id, owner_id, region, id, arn, tags, null
  from current_ec2_managed_prefix_lists
  union all
  select 'ec2_vpc_peering_connections', account_id, owner_id, region, id, arn, tags,
    json_extract_scalar(status, '$.Code')
  from current_ec2_vpc_peering_connections
  union all
  select 'ec2_transit_gateways', account_id, owner_id, region, id, arn, tags, state
  from current_ec2_transit_gateways
  union all
  select 'ec2_transit_gateway_attachments', account_id, owner_id, region, id, arn, tags, state
  from current_ec2_transit_gateway_attachments
  where resource_type is null or resource_type not in ('peering', 'tgw-peering')
  union all
  select 'ec2_transit_gateway_peering_attachments', account_id, owner_id, region, id, arn, tags, state
  from current_ec2_transit_gateway_peering_attachments
  union all
  select 'ec2_ipam_pools', account_id, owner_id, region, id, arn, tags, state from current_ec2_ipam_pools
  union all
  select 'ec2_capacity_reservations', account_id, owner_id, region, id, arn, tags, state
  from current_ec2_capacity_reservations
  union all
  select 'ec2_placement_groups', account_id, owner_id, region, id, arn, tags, state
  from current_ec2_placement_groups
  union all
  select 'ec2_hosts', account_id, owner_id, region, id, arn, tags, state from current_ec2_hosts
),
seen as (
  select *, coalesce(arn, owner_account || region || id) as identity,
    case when account_id = owner_account then '0' else account_id end as place
  from (
    select *, if(regexp_like(owner_id, '^[0-9]{12}$'), owner_id, account_id) as owner_account
    from rows_seen
  )
),
shared as (
  select "table", min_by(owner_account, place) as owner_account, min_by(region, place) as region,
    min_by(id, place) as id, min_by(arn, place) as arn,
    min_by(coalesce(element_at(tags, 'Name'), ''), place) as name, min_by(coalesce(state, ''), place) as state,
    json_format(cast(
      array_agg(distinct account_id order by account_id) filter (where account_id <> owner_account) as json))
      as observers
  from seen
  group by "table", identity
  having count_if(account_id <> owner_account) > 0
)
select owner_account as account_id, region, "table", id, arn, nullif(name, '') as name,
  owner_account in (select account_id from current_ledger) as owner_in_estate, observers
from shared
where lower(state) not in (
  'deleted', 'delete-complete', 'rejected', 'expired', 'failed', 'cancelled', 'released', 'released-permanent-failure')
order by 1, 2, 3, 4, 5, 6, 7, 8;
