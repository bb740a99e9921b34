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
  select owner, region, association::json as association from interfaces where copy = 1
  union all
  select owner, region, item->'Association'
  from (
    select owner, region, unnest(private_ip_addresses::json[]) as item
    from interfaces where copy = 1
  )
),
elastic as (
  select *, coalesce(regexp_full_match(association->>'IpOwnerId', '[0-9]{12}'), false)
    or coalesce(association->>'AllocationId', '') <> '' as is_elastic
  from associations
),
found as (
  select owner, region, customer_owned_ip as address, 0 as kind from addresses where copy = 1
  union all
  select owner, region, carrier_ip, 1 from addresses where copy = 1
  union all
  select owner, region, public_ip, 2 from addresses where copy = 1
  union all
  select owner, region, public_ip_address, 4 from instances where copy = 1
  union all
  select owner, region, item->>'PublicIp', 2
  from (select owner, region, state, copy, unnest(nat_gateway_addresses::json[]) as item from gateways)
  where copy = 1 and coalesce(state, '') not in ('deleted', 'failed')
  union all
  select owner, region, association->>'PublicIp', case when is_elastic then 2 else 4 end
  from elastic
  union all
  select owner, region, association->>'CarrierIp', 1 from elastic
  union all
  select owner, region, association->>'CustomerOwnedIp', 0 from elastic
  union all
  select owner, region, item->>'OutsideIpAddress', 3
  from (select owner, region, state, copy, unnest(vgw_telemetry::json[]) as item from connections)
  where copy = 1 and coalesce(state, '') <> 'deleted'
),
-- The smallest kind of an address counts: customer-owned, carrier, elastic, VPN tunnel, assigned by AWS.
held as (
  select owner, region, address, min(kind) as kind
  from found
  where regexp_matches(address, '^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$')
    and not regexp_matches(address,
      '^(0|10|127|169\.254|192\.168|172\.(1[6-9]|2[0-9]|3[01])|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7]))\.'
        || '|^(22[4-9]|2[3-5][0-9])\.')
  group by owner, region, address
),
idle as (
  select id from instances where coalesce((state->>'Name'), '') <> 'running'
  union
  select id from interfaces where status = 'available'
),
pools as (select id, max(public_ip_source) as source from current_ec2_ipam_pools group by id),
charged as (
  select h.owner, h.region,
    case
      when h.kind = 0 or coalesce(a.customer_owned_ip, '') <> '' then 'not charged'
      when a.id is null then case when h.kind = 2 then 'unclear' else 'in use' end
      when starts_with(a.public_ipv4_pool, 'ipam-pool-') and p.source is null then 'unclear'
      when starts_with(a.public_ipv4_pool, 'ipam-pool-') and p.source <> 'amazon' then 'not charged'
      when coalesce(a.public_ipv4_pool, '') not in ('', 'amazon') and not starts_with(a.public_ipv4_pool, 'ipam-pool-')
        then 'not charged'
      when concat(coalesce(a.association_id, ''), coalesce(a.network_interface_id, ''),
          coalesce(a.instance_id, '')) = ''
        then 'idle'
      when ni.id is not null or ii.id is not null then 'idle'
      else 'in use'
    end as charge
  from held h
  left join addresses a on a.copy = 1 and a.owner = h.owner and a.region = h.region and a.public_ip = h.address
  left join pools p on p.id = a.public_ipv4_pool
  left join idle ni on ni.id = a.network_interface_id
  left join idle ii on ii.id = a.instance_id
  where h.kind <> 1
),
counted as (
  select owner, region, count(case when charge = 'in use' then 1 end) as in_use,
    count(case when charge = 'idle' then 1 end) as idle,
    count(case when charge = 'not charged' then 1 end) as not_charged,
    count(case when charge = 'unclear' then 1 end) as unclear
  from charged
  group by owner, region
)
select owner as account_id, region, in_use, idle, not_charged, unclear,
  round(in_use * cast(0.005 as double) * 730, 2) as in_use_cost,
  round(idle * cast(0.005 as double) * 730, 2) as idle_cost,
  round((in_use + idle) * cast(0.005 as double) * 730, 2) as monthly_cost
from counted
order by all;
