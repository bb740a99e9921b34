with seen_peerings as (
  select *, if(regexp_full_match(owner_id, '[0-9]{12}'), owner_id, account_id) as owner_account
  from current_ec2_vpc_peering_connections
),
peerings as (
  select * from seen_peerings
  qualify row_number() over (
    partition by coalesce(arn, owner_account || region || id)
    order by case when account_id = owner_account then 0 else 1 end, account_id) = 1
),
seen_attachments as (
  select *, if(regexp_full_match(owner_id, '[0-9]{12}'), owner_id, account_id) as owner_account
  from current_ec2_transit_gateway_attachments
  where resource_type is null or resource_type not in ('peering', 'tgw-peering')
),
attachments as (
  select * from seen_attachments
  qualify row_number() over (
    partition by coalesce(arn, owner_account || region || id)
    order by case when account_id = owner_account then 0 else 1 end, account_id) = 1
),
seen_gateway_peerings as (
  select *, if(regexp_full_match(owner_id, '[0-9]{12}'), owner_id, account_id) as owner_account
  from current_ec2_transit_gateway_peering_attachments
),
gateway_peerings as (
  select * from seen_gateway_peerings
  qualify row_number() over (
    partition by coalesce(arn, owner_account || region || id)
    order by case when account_id = owner_account then 0 else 1 end, account_id) = 1
),
seen_endpoints as (
  select *, if(regexp_full_match(owner_id, '[0-9]{12}'), owner_id, account_id) as owner_account
  from current_ec2_vpc_endpoints
),
endpoints as (
  select * from seen_endpoints
  qualify row_number() over (
    partition by coalesce(arn, owner_account || region || id)
    order by case when account_id = owner_account then 0 else 1 end, account_id) = 1
),
connections as (
  select owner_account, coalesce(requester_vpc_info->>'Region', region) as region,
    'ec2_vpc_peering_connections' as "table", id, tags, status->>'Code' as state,
    status->>'Message' as message, null::timestamptz as since, expiration_time as expires,
    requester_vpc_info->>'OwnerId' as requester_account_id,
    requester_vpc_info->>'Region' as requester_region,
    requester_vpc_info->>'VpcId' as requester_id,
    accepter_vpc_info->>'OwnerId' as accepter_account_id,
    accepter_vpc_info->>'Region' as accepter_region,
    accepter_vpc_info->>'VpcId' as accepter_id
  from peerings
  union all
  select owner_account, region, 'ec2_transit_gateway_attachments', id, tags, state, null, creation_time, null,
    resource_owner_id, region, resource_id, transit_gateway_owner_id, region, transit_gateway_id
  from attachments
  union all
  select owner_account, coalesce(requester_tgw_info->>'Region', region),
    'ec2_transit_gateway_peering_attachments', id, tags, state, status->>'Message', creation_time, null,
    requester_tgw_info->>'OwnerId', requester_tgw_info->>'Region',
    coalesce(requester_tgw_info->>'TransitGatewayId', requester_tgw_info->>'CoreNetworkId'),
    accepter_tgw_info->>'OwnerId', accepter_tgw_info->>'Region',
    coalesce(accepter_tgw_info->>'TransitGatewayId', accepter_tgw_info->>'CoreNetworkId')
  from gateway_peerings
  union all
  select owner_account, region, 'ec2_vpc_endpoints', id, tags, state,
    coalesce(last_error->>'Message', failure_reason),
    creation_timestamp, null, owner_account, region, vpc_id, null, coalesce(service_region, region), service_name
  from endpoints
)
select owner_account as account_id, region, "table", id, nullif(tags['Name'], '') as name, state,
  nullif(message, '') as message, since, expires, requester_account_id, requester_region, requester_id,
  accepter_account_id, accepter_region, accepter_id
from connections
where replace(lower(state), '-', '') in (
    'initiating', 'initiatingrequest', 'pending', 'pendingacceptance', 'provisioning', 'rollingback', 'failing',
    'failed', 'rejecting', 'rejected', 'expired', 'partial')
order by all;
