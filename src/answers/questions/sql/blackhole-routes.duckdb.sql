with seen_tables as (
  select *, if(regexp_full_match(owner_id, '[0-9]{12}'), owner_id, account_id) as owner_account
  from current_ec2_route_tables
),
tables as (
  select * from seen_tables
  qualify row_number() over (
    partition by coalesce(arn, owner_account || region || id)
    order by case when account_id = owner_account then 0 else 1 end, account_id) = 1
),
seen_gateway_routes as (
  select *, if(regexp_full_match(owner_id, '[0-9]{12}'), owner_id, account_id) as owner_account
  from current_ec2_transit_gateway_routes
  where state = 'blackhole'
),
gateway_routes as (
  select * from seen_gateway_routes
  qualify row_number() over (
    partition by coalesce(arn, owner_account || region || id)
    order by case when account_id = owner_account then 0 else 1 end, account_id) = 1
),
routes as (
  select owner_account, region, id, tags, vpc_id, unnest(routes::json[]) as route from tables
)
select owner_account as account_id, region, 'ec2_route_tables' as "table", id as route_table_id,
  nullif(tags['Name'], '') as name, vpc_id, null::varchar as transit_gateway_id,
  coalesce(
    route->>'DestinationCidrBlock', route->>'DestinationIpv6CidrBlock', route->>'DestinationPrefixListId'
  ) as destination,
  coalesce(
    route->>'GatewayId', route->>'NatGatewayId', route->>'TransitGatewayId', route->>'VpcPeeringConnectionId',
    route->>'NetworkInterfaceId', route->>'InstanceId', route->>'EgressOnlyInternetGatewayId',
    route->>'LocalGatewayId', route->>'CarrierGatewayId', route->>'CoreNetworkArn', route->>'OdbNetworkArn',
    route->>'IpAddress'
  ) as target,
  route->>'Origin' as origin
from routes
where (route->>'State') = 'blackhole'
union all
select owner_account, region, 'ec2_transit_gateway_routes', transit_gateway_route_table_id, null, null,
  transit_gateway_id,
  coalesce(destination_cidr_block, prefix_list_id),
  transit_gateway_attachments->0->>'TransitGatewayAttachmentId', type
from gateway_routes
order by all;
