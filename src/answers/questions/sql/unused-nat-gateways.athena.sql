with seen_gateways as (
  select *, if(regexp_like(owner_id, '^[0-9]{12}$'), owner_id, account_id) as owner_account
  from current_ec2_nat_gateways
  where state is null or state not in ('deleting', 'deleted', 'failed')
),
gateways as (
  select * from (
    select *, row_number() over (
      partition by coalesce(arn, owner_account || region || id)
      order by case when account_id = owner_account then 0 else 1 end, account_id) as place
    from seen_gateways
  )
  where place = 1
),
seen_vpcs as (
  select *, if(regexp_like(owner_id, '^[0-9]{12}$'), owner_id, account_id) as owner_account
  from current_ec2_vpcs
),
vpcs as (
  select * from (
    select *, row_number() over (
      partition by coalesce(arn, owner_account || region || id)
      order by case when account_id = owner_account then 0 else 1 end, account_id) as place
    from seen_vpcs
  )
  where place = 1
),
used as (
  select json_extract_scalar(u.route, '$.NatGatewayId') as id
  from current_ec2_route_tables t
  cross join unnest(cast(json_parse(t.routes) as array(json))) as u (route)
),
answered as (
  select l.account_id, l.region
  from current_ledger l
  left join current_ledger s on s.account_id = l.account_id and s."table" = l."table" and s.region = '*'
    and s.run_id <> l.run_id
  where l."table" = 'ec2_route_tables' and l.status in ('ok', 'empty', 'unsupported') and s.region is null
)
select g.owner_account as account_id, g.region, g.id, g.arn, nullif(element_at(g.tags, 'Name'), '') as name,
  g.vpc_id, g.subnet_id, g.connectivity_type, g.create_time,
  case when a.account_id is null then 'unknown' else 'unused' end as verdict
from gateways g
left join vpcs v on v.id = g.vpc_id
left join answered a on a.account_id = v.owner_account and a.region = g.region
where g.id not in (select id from used where id is not null)
order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;
