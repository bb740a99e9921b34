with seen_connections as (
  select *, if(regexp_like(owner_id, '^[0-9]{12}$'), owner_id, account_id) as owner_account
  from current_ec2_vpn_connections
  where state is distinct from 'deleting' and state is distinct from 'deleted'
),
connections as (
  select * from (
    select *, row_number() over (
      partition by coalesce(arn, owner_account || region || id)
      order by case when account_id = owner_account then 0 else 1 end, account_id) as place
    from seen_connections
  )
  where place = 1
),
tunnels as (
  select c.owner_account, c.region, c.id, c.tags, c.customer_gateway_id, c.vpn_gateway_id, c.transit_gateway_id,
    u.tunnel
  from connections c
  cross join unnest(cast(json_parse(c.vgw_telemetry) as array(json))) as u (tunnel)
),
up as (
  select owner_account, region, id, count(*) as tunnels_up
  from tunnels
  where json_extract_scalar(tunnel, '$.Status') = 'UP'
  group by owner_account, region, id
)
select t.owner_account as account_id, t.region, t.id, nullif(element_at(t.tags, 'Name'), '') as name,
  json_extract_scalar(t.tunnel, '$.OutsideIpAddress') as outside_ip_address,
  nullif(json_extract_scalar(t.tunnel, '$.StatusMessage'), '') as status_message,
  cast(from_iso8601_timestamp(json_extract_scalar(t.tunnel, '$.LastStatusChange')) at time zone 'UTC' as timestamp)
    as last_status_change,
  coalesce(u.tunnels_up, 0) as tunnels_up, t.customer_gateway_id, t.vpn_gateway_id, t.transit_gateway_id
from tunnels t
left join up u on u.owner_account = t.owner_account and u.region = t.region and u.id = t.id
where json_extract_scalar(t.tunnel, '$.Status') = 'DOWN'
order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11;
