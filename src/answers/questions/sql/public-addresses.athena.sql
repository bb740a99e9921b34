with addresses as (
  select *, case when regexp_like(owner_id, '^[0-9]{12}$') then owner_id else account_id end as owner,
    row_number() over (
      partition by coalesce(arn, concat(coalesce(owner_id, account_id), region, id))
      order by case when account_id = owner_id then 0 else 1 end, account_id
    ) as copy
  from current_ec2_addresses
),
instances as (
  select *, case when regexp_like(owner_id, '^[0-9]{12}$') then owner_id else account_id end as owner,
    row_number() over (
      partition by coalesce(arn, concat(coalesce(owner_id, account_id), region, id))
      order by case when account_id = owner_id then 0 else 1 end, account_id
    ) as copy
  from current_ec2_instances
),
gateways as (
  select *, case when regexp_like(owner_id, '^[0-9]{12}$') then owner_id else account_id end as owner,
    row_number() over (
      partition by coalesce(arn, concat(coalesce(owner_id, account_id), region, id))
      order by case when account_id = owner_id then 0 else 1 end, account_id
    ) as copy
  from current_ec2_nat_gateways
),
interfaces as (
  select *, case when regexp_like(owner_id, '^[0-9]{12}$') then owner_id else account_id end as owner,
    row_number() over (
      partition by coalesce(arn, concat(coalesce(owner_id, account_id), region, id))
      order by case when account_id = owner_id then 0 else 1 end, account_id
    ) as copy
  from current_ec2_network_interfaces
),
connections as (
  select *, case when regexp_like(owner_id, '^[0-9]{12}$') then owner_id else account_id end as owner,
    row_number() over (
      partition by coalesce(arn, concat(coalesce(owner_id, account_id), region, id))
      order by case when account_id = owner_id then 0 else 1 end, account_id
    ) as copy
  from current_ec2_vpn_connections
),
associations as (
  select owner, region, id, tags, attachment, json_parse(association) as association from interfaces where copy = 1
  union all
  select owner, region, id, tags, attachment, json_extract(item, '$.Association')
  from interfaces cross join unnest(cast(json_parse(private_ip_addresses) as array(json))) as u (item)
  where copy = 1
),
elastic as (
  select *, coalesce(regexp_like(json_extract_scalar(association, '$.IpOwnerId'), '^[0-9]{12}$'), false)
    or coalesce(json_extract_scalar(association, '$.AllocationId'), '') <> '' as is_elastic
  from associations
),
-- The kinds in the order in which one of them counts, and the ids in the order in which their names are preferred.
found as (
  select owner, region, public_ip as address, 2 as kind,
    array[id, network_interface_id, instance_id] as ids, 1 as preference,
    id, tags
  from addresses where copy = 1
  union all
  select owner, region, carrier_ip, 1,
    array[id, network_interface_id, instance_id], 1, id, tags
  from addresses where copy = 1
  union all
  select owner, region, customer_owned_ip, 0, array[id, network_interface_id, instance_id], 1, id, tags
  from addresses where copy = 1
  union all
  select owner, region, public_ip_address, 4, array[id], 2, id, tags from instances where copy = 1
  union all
  select owner, region, ipv6_address, 5, array[id], 2, id, tags from instances where copy = 1
  union all
  select owner, region, json_extract_scalar(item, '$.PublicIp'), 2,
    array[id, json_extract_scalar(item, '$.NetworkInterfaceId')], 3, id, tags
  from gateways cross join unnest(cast(json_parse(nat_gateway_addresses) as array(json))) as u (item)
  where copy = 1 and coalesce(state, '') not in ('deleted', 'failed')
  union all
  select owner, region, json_extract_scalar(association, '$.PublicIp'), case when is_elastic then 2 else 4 end,
    array[id, json_extract_scalar(attachment, '$.InstanceId')], 4, id, tags
  from elastic
  union all
  select owner, region, json_extract_scalar(association, '$.CarrierIp'), 1,
    array[id, json_extract_scalar(attachment, '$.InstanceId')], 4, id, tags
  from elastic
  union all
  select owner, region, json_extract_scalar(association, '$.CustomerOwnedIp'), 0,
    array[id, json_extract_scalar(attachment, '$.InstanceId')], 4, id, tags
  from elastic
  union all
  select owner, region, json_extract_scalar(item, '$.Ipv6Address'), 5,
    array[id, json_extract_scalar(attachment, '$.InstanceId')], 4, id, tags
  from interfaces cross join unnest(cast(json_parse(ipv6_addresses) as array(json))) as u (item)
  where copy = 1
  union all
  select owner, region, json_extract_scalar(item, '$.Ipv6Prefix'), 6,
    array[id, json_extract_scalar(attachment, '$.InstanceId')], 4, id, tags
  from interfaces cross join unnest(cast(json_parse(ipv6_prefixes) as array(json))) as u (item)
  where copy = 1
  union all
  select owner, region, json_extract_scalar(item, '$.OutsideIpAddress'), 3, array[id], 5, id, tags
  from connections cross join unnest(cast(json_parse(vgw_telemetry) as array(json))) as u (item)
  where copy = 1 and coalesce(state, '') <> 'deleted'
),
bearers as (
  select owner, region, lower(address) as address, kind, preference, id, nullif(element_at(tags, 'Name'), '') as name,
    bearer
  from found
  cross join unnest(ids) as u (bearer)
  where regexp_like(lower(address), '^[23][0-9a-f]{3}:|^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$')
    and not regexp_like(address,
      '^(0|10|127|169\.254|192\.168|172\.(1[6-9]|2[0-9]|3[01])|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7]))\.'
        || '|^(22[4-9]|2[3-5][0-9])\.')
)
select owner as account_id, region, address,
  element_at(
    array['customer-owned', 'carrier', 'elastic', 'vpn tunnel', 'auto-assigned', 'ipv6', 'ipv6 prefix'],
    min(kind) + 1
  ) as kind,
  json_format(cast(array_sort(array_agg(distinct bearer) filter (where bearer <> '')) as json)) as bearers,
  min_by(name, concat(cast(preference as varchar), id)) filter (where name is not null) as name
from bearers
group by owner, region, address
order by 1, 2, 3, 4, 5, 6;
