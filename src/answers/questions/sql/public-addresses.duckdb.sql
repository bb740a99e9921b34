with addresses as (
  select *, case when regexp_full_match(owner_id, '[0-9]{12}') then owner_id else account_id end as owner,
    row_number() over (
      partition by coalesce(arn, concat(coalesce(owner_id, account_id), region, id))
      order by case when account_id = owner_id then 0 else 1 end, account_id
    ) as copy
  from current_ec2_addresses
),
instances as (
  select *, case when regexp_full_match(owner_id, '[0-9]{12}') then owner_id else account_id end as owner,
    row_number() over (
      partition by coalesce(arn, concat(coalesce(owner_id, account_id), region, id))
      order by case when account_id = owner_id then 0 else 1 end, account_id
    ) as copy
  from current_ec2_instances
),
gateways as (
  select *, case when regexp_full_match(owner_id, '[0-9]{12}') then owner_id else account_id end as owner,
    row_number() over (
      partition by coalesce(arn, concat(coalesce(owner_id, account_id), region, id))
      order by case when account_id = owner_id then 0 else 1 end, account_id
    ) as copy
  from current_ec2_nat_gateways
),
interfaces as (
  select *, case when regexp_full_match(owner_id, '[0-9]{12}') then owner_id else account_id end as owner,
    row_number() over (
      partition by coalesce(arn, concat(coalesce(owner_id, account_id), region, id))
      order by case when account_id = owner_id then 0 else 1 end, account_id
    ) as copy
  from current_ec2_network_interfaces
),
connections as (
  select *, case when regexp_full_match(owner_id, '[0-9]{12}') then owner_id else account_id end as owner,
    row_number() over (
      partition by coalesce(arn, concat(coalesce(owner_id, account_id), region, id))
      order by case when account_id = owner_id then 0 else 1 end, account_id
    ) as copy
  from current_ec2_vpn_connections
),
associations as (
  select owner, region, id, tags, attachment, association::json as association from interfaces where copy = 1
  union all
  select owner, region, id, tags, attachment, item->'Association'
  from (
    select owner, region, id, tags, attachment, unnest(private_ip_addresses::json[]) as item
    from interfaces where copy = 1
  )
),
elastic as (
  select *, coalesce(regexp_full_match(association->>'IpOwnerId', '[0-9]{12}'), false)
    or coalesce(association->>'AllocationId', '') <> '' as is_elastic
  from associations
),
-- The kinds in the order in which one of them counts, and the ids in the order in which their names are preferred.
found as (
  select owner, region, public_ip as address, 2 as kind,
    [id, network_interface_id, instance_id] as ids, 1 as preference,
    id, tags
  from addresses where copy = 1
  union all
  select owner, region, carrier_ip, 1,
    [id, network_interface_id, instance_id], 1, id, tags
  from addresses where copy = 1
  union all
  select owner, region, customer_owned_ip, 0, [id, network_interface_id, instance_id], 1, id, tags
  from addresses where copy = 1
  union all
  select owner, region, public_ip_address, 4, [id], 2, id, tags from instances where copy = 1
  union all
  select owner, region, ipv6_address, 5, [id], 2, id, tags from instances where copy = 1
  union all
  select owner, region, item->>'PublicIp', 2, [id, item->>'NetworkInterfaceId'], 3, id, tags
  from (
    select owner, region, id, tags, unnest(nat_gateway_addresses::json[]) as item
    from gateways where copy = 1 and coalesce(state, '') not in ('deleted', 'failed')
  )
  union all
  select owner, region, association->>'PublicIp', case when is_elastic then 2 else 4 end,
    [id, attachment->>'InstanceId'], 4, id, tags
  from elastic
  union all
  select owner, region, association->>'CarrierIp', 1, [id, attachment->>'InstanceId'], 4, id, tags from elastic
  union all
  select owner, region, association->>'CustomerOwnedIp', 0, [id, attachment->>'InstanceId'], 4, id, tags from elastic
  union all
  select owner, region, item->>'Ipv6Address', 5, [id, attachment->>'InstanceId'], 4, id, tags
  from (
    select owner, region, id, tags, attachment, unnest(ipv6_addresses::json[]) as item from interfaces where copy = 1
  )
  union all
  select owner, region, item->>'Ipv6Prefix', 6, [id, attachment->>'InstanceId'], 4, id, tags
  from (
    select owner, region, id, tags, attachment, unnest(ipv6_prefixes::json[]) as item from interfaces where copy = 1
  )
  union all
  select owner, region, item->>'OutsideIpAddress', 3, [id], 5, id, tags
  from (
    select owner, region, id, tags, unnest(vgw_telemetry::json[]) as item
    from connections where copy = 1 and coalesce(state, '') <> 'deleted'
  )
),
bearers as (
  select owner, region, lower(address) as address, kind, preference, id, nullif(tags['Name'], '') as name,
    unnest(ids) as bearer
  from found
  where regexp_matches(lower(address), '^[23][0-9a-f]{3}:|^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$')
    and not regexp_matches(address,
      '^(0|10|127|169\.254|192\.168|172\.(1[6-9]|2[0-9]|3[01])|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7]))\.'
        || '|^(22[4-9]|2[3-5][0-9])\.')
)
select owner as account_id, region, address,
  ['customer-owned', 'carrier', 'elastic', 'vpn tunnel', 'auto-assigned', 'ipv6', 'ipv6 prefix'][min(kind) + 1] as kind,
  to_json(list_sort(array_agg(distinct bearer) filter (where bearer <> ''))) as bearers,
  arg_min(name, concat(preference, id)) filter (where name is not null) as name
from bearers
group by owner, region, address
order by all;
