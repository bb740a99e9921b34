with seen_peerings as (
  select *, if(regexp_like(owner_id, '^[0-9]{12}$'), owner_id, account_id) as owner_account
  from current_ec2_vpc_peering_connections
),
peerings as (
  select * from (
    select *, row_number() over (
      partition by coalesce(arn, owner_account || region || id)
      order by case when account_id = owner_account then 0 else 1 end, account_id) as place
    from seen_peerings
  )
  where place = 1
),
seen_attachments as (
  select *, if(regexp_like(owner_id, '^[0-9]{12}$'), owner_id, account_id) as owner_account
  from current_ec2_transit_gateway_attachments
  where resource_type is null or resource_type not in ('peering', 'tgw-peering')
),
attachments as (
  select * from (
    select *, row_number() over (
      partition by coalesce(arn, owner_account || region || id)
      order by case when account_id = owner_account then 0 else 1 end, account_id) as place
    from seen_attachments
  )
  where place = 1
),
seen_gateway_peerings as (
  select *, if(regexp_like(owner_id, '^[0-9]{12}$'), owner_id, account_id) as owner_account
  from current_ec2_transit_gateway_peering_attachments
),
gateway_peerings as (
  select * from (
    select *, row_number() over (
      partition by coalesce(arn, owner_account || region || id)
      order by case when account_id = owner_account then 0 else 1 end, account_id) as place
    from seen_gateway_peerings
  )
  where place = 1
),
seen_endpoints as (
  select *, if(regexp_like(owner_id, '^[0-9]{12}$'), owner_id, account_id) as owner_account
  from current_ec2_vpc_endpoints
),
endpoints as (
  select * from (
    select *, row_number() over (
      partition by coalesce(arn, owner_account || region || id)
      order by case when account_id = owner_account then 0 else 1 end, account_id) as place
    from seen_endpoints
  )
  where place = 1
),
connections as (
  select owner_account, coalesce(json_extract_scalar(requester_vpc_info, '$.Region'), region) as region,
    'ec2_vpc_peering_connections' as "table", id, tags, json_extract_scalar(status, '$.Code') as state,
    json_extract_scalar(status, '$.Message') as message, cast(null as timestamp) as since, expiration_time as expires,
    json_extract_scalar(requester_vpc_info, '$.OwnerId') as requester_account_id,
    json_extract_scalar(requester_vpc_info, '$.Region') as requester_region,
    json_extract_scalar(requester_vpc_info, '$.VpcId') as requester_id,
    json_extract_scalar(accepter_vpc_info, '$.OwnerId') as accepter_account_id,
    json_extract_scalar(accepter_vpc_info, '$.Region') as accepter_region,
    json_extract_scalar(accepter_vpc_info, '$.VpcId') as accepter_id
  from peerings
  union all
  select owner_account, region, 'ec2_transit_gateway_attachments', id, tags, state, null, creation_time, null,
    resource_owner_id, region, resource_id, transit_gateway_owner_id, region, transit_gateway_id
  from attachments
  union all
  select owner_account, coalesce(json_extract_scalar(requester_tgw_info, '$.Region'), region),
    'ec2_transit_gateway_peering_attachments', id, tags, state, json_extract_scalar(status, '$.Message'),
    creation_time, null,
    json_extract_scalar(requester_tgw_info, '$.OwnerId'), json_extract_scalar(requester_tgw_info, '$.Region'),
    coalesce(
      json_extract_scalar(requester_tgw_info, '$.TransitGatewayId'),
      json_extract_scalar(requester_tgw_info, '$.CoreNetworkId')),
    json_extract_scalar(accepter_tgw_info, '$.OwnerId'), json_extract_scalar(accepter_tgw_info, '$.Region'),
    coalesce(
      json_extract_scalar(accepter_tgw_info, '$.TransitGatewayId'),
      json_extract_scalar(accepter_tgw_info, '$.CoreNetworkId'))
  from gateway_peerings
  union all
  select owner_account, region, 'ec2_vpc_endpoints', id, tags, state,
    coalesce(json_extract_scalar(last_error, '$.Message'), failure_reason),
    creation_timestamp, null, owner_account, region, vpc_id, null, coalesce(service_region, region), service_name
  from endpoints
)
select owner_account as account_id, region, "table", id, nullif(element_at(tags, 'Name'), '') as name, state,
  nullif(message, '') as message, since, expires, requester_account_id, requester_region, requester_id,
  accepter_account_id, accepter_region, accepter_id
from connections
where replace(lower(state), '-', '') in (
    'initiating', 'initiatingrequest', 'pending', 'pendingacceptance', 'provisioning', 'rollingback', 'failing',
    'failed', 'rejecting', 'rejected', 'expired', 'partial')
order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15;
