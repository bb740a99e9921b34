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
  select *, coalesce(arn, owner_account || region || id) as identity
  from (
    select *, if(regexp_like(owner_id, '^[0-9]{12}$'), owner_id, account_id) as owner_account
    from rows_seen
  )
),
others as (
  select "table", identity, json_format(cast(array_agg(distinct account_id order by account_id) as json)) as observers
  from seen
  where account_id <> owner_account
  group by "table", identity
),
once as (
  select *, row_number() over (
    partition by "table", identity
    order by case when account_id = owner_account then 0 else 1 end, account_id) as place
  from seen
)
select r.owner_account as account_id, r.region, r."table", r.id, r.arn, nullif(element_at(r.tags, 'Name'), '') as name,
  r.owner_account in (select account_id from current_ledger) as owner_in_estate, o.observers
from once r
join others o on o."table" = r."table" and o.identity = r.identity
where r.place = 1 and lower(coalesce(r.state, '')) not in (
  'deleted', 'delete-complete', 'rejected', 'expired', 'failed', 'cancelled', 'released', 'released-permanent-failure')
order by 1, 2, 3, 4, 5, 6, 7, 8;
