with seen_connections as (
  select *, if(regexp_full_match(owner_id, '[0-9]{12}'), owner_id, account_id) as owner_account
  from current_ec2_vpn_connections
  where state is distinct from 'deleting' and state is distinct from 'deleted'
),
connections as (
  select * from seen_connections
  qualify row_number() over (
    partition by coalesce(arn, owner_account || region || id)
    order by case when account_id = owner_account then 0 else 1 end, account_id) = 1
),
tunnels as (
  select owner_account, region, id, tags, customer_gateway_id, vpn_gateway_id, transit_gateway_id,
    unnest(vgw_telemetry::json[]) as tunnel
  from connections
),
up as (
  select owner_account, region, id, count(*) as tunnels_up from tunnels where (tunnel->>'Status') = 'UP'
  group by owner_account, region, id
)
select t.owner_account as account_id, t.region, t.id, nullif(t.tags['Name'], '') as name,
  t.tunnel->>'OutsideIpAddress' as outside_ip_address, nullif(t.tunnel->>'StatusMessage', '') as status_message,
  (t.tunnel->>'LastStatusChange')::timestamptz as last_status_change, coalesce(u.tunnels_up, 0) as tunnels_up,
  t.customer_gateway_id, t.vpn_gateway_id, t.transit_gateway_id
from tunnels t
left join up u on u.owner_account = t.owner_account and u.region = t.region and u.id = t.id
where (t.tunnel->>'Status') = 'DOWN'
order by all;
