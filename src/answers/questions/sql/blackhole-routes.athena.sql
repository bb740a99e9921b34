with seen_tables as (
  select *, if(regexp_like(owner_id, '^[0-9]{12}$'), owner_id, account_id) as owner_account
  from current_ec2_route_tables
),
tables as (
  select * from (
    select *, row_number() over (
      partition by coalesce(arn, owner_account || region || id)
      order by case when account_id = owner_account then 0 else 1 end, account_id) as place
    from seen_tables
  )
  where place = 1
),
seen_gateway_routes as (
  select *, if(regexp_like(owner_id, '^[0-9]{12}$'), owner_id, account_id) as owner_account
  from current_ec2_transit_gateway_routes
  where state = 'blackhole'
),
gateway_routes as (
  select * from (
    select *, row_number() over (
      partition by coalesce(arn, owner_account || region || id)
      order by case when account_id = owner_account then 0 else 1 end, account_id) as place
    from seen_gateway_routes
  )
  where place = 1
),
routes as (
  select t.owner_account, t.region, t.id, t.tags, t.vpc_id, u.route
  from tables t
  cross join unnest(cast(json_parse(t.routes) as array(json))) as u (route)
)
select r.owner_account as account_id, r.region, 'ec2_route_tables' as "table", r.id as route_table_id,
  nullif(element_at(r.tags, 'Name'), '') as name, r.vpc_id, cast(null as varchar) as transit_gateway_id,
  coalesce(
    json_extract_scalar(r.route, '$.DestinationCidrBlock'),
    json_extract_scalar(r.route, '$.DestinationIpv6CidrBlock'),
    json_extract_scalar(r.route, '$.DestinationPrefixListId')
  ) as destination,
  coalesce(
    json_extract_scalar(r.route, '$.GatewayId'), json_extract_scalar(r.route, '$.NatGatewayId'),
    json_extract_scalar(r.route, '$.TransitGatewayId'), json_extract_scalar(r.route, '$.VpcPeeringConnectionId'),
    json_extract_scalar(r.route, '$.NetworkInterfaceId'), json_extract_scalar(r.route, '$.InstanceId'),
    json_extract_scalar(r.route, '$.EgressOnlyInternetGatewayId'), json_extract_scalar(r.route, '$.LocalGatewayId'),
    json_extract_scalar(r.route, '$.CarrierGatewayId'), json_extract_scalar(r.route, '$.CoreNetworkArn'),
    json_extract_scalar(r.route, '$.OdbNetworkArn'), json_extract_scalar(r.route, '$.IpAddress')
  ) as target,
  json_extract_scalar(r.route, '$.Origin') as origin
from routes r
where json_extract_scalar(r.route, '$.State') = 'blackhole'
union all
select owner_account, region, 'ec2_transit_gateway_routes', transit_gateway_route_table_id, null, null,
  transit_gateway_id,
  coalesce(destination_cidr_block, prefix_list_id),
  json_extract_scalar(transit_gateway_attachments, '$[0].TransitGatewayAttachmentId'), type
from gateway_routes
order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;
