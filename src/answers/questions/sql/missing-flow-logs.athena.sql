with seen_vpcs as (
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
seen_subnets as (
  select *, if(regexp_like(owner_id, '^[0-9]{12}$'), owner_id, account_id) as owner_account
  from current_ec2_subnets
),
subnets as (
  select * from (
    select *, row_number() over (
      partition by coalesce(arn, owner_account || region || id)
      order by case when account_id = owner_account then 0 else 1 end, account_id) as place
    from seen_subnets
  )
  where place = 1
),
seen_interfaces as (
  select *, if(regexp_like(owner_id, '^[0-9]{12}$'), owner_id, account_id) as owner_account
  from current_ec2_network_interfaces
),
interfaces as (
  select * from (
    select *, row_number() over (
      partition by coalesce(arn, owner_account || region || id)
      order by case when account_id = owner_account then 0 else 1 end, account_id) as place
    from seen_interfaces
  )
  where place = 1
),
logs as (
  select if(regexp_like(owner_id, '^[0-9]{12}$'), owner_id, account_id) as owner_account, region, resource_id,
    upper(coalesce(deliver_logs_status, '')) = 'FAILED' as is_failing
  from current_ec2_flow_logs
  where resource_id is not null and upper(coalesce(flow_log_status, 'ACTIVE')) = 'ACTIVE'
),
logged as (
  select resource_id as id, bool_or(not is_failing) as is_logged from logs group by resource_id
),
parts as (
  select s.vpc_id, 'subnet' as kind, coalesce(l.is_logged, false) as is_logged,
    l.id is not null and not l.is_logged as is_failing
  from subnets s
  left join logged l on l.id = s.id
  union all
  select i.vpc_id, 'interface', coalesce(o.is_logged, false) or coalesce(s.is_logged, false),
    o.id is not null and not o.is_logged and not coalesce(s.is_logged, false)
  from interfaces i
  left join logged o on o.id = i.id
  left join logged s on s.id = i.subnet_id
),
counted as (
  select vpc_id, count_if(kind = 'subnet') as subnets,
    count_if(kind = 'subnet' and is_logged) as logged_subnets, count_if(kind = 'interface') as interfaces,
    count_if(kind = 'interface' and is_logged) as logged_interfaces, bool_or(is_failing) as is_failing
  from parts
  group by vpc_id
),
-- The accounts that may log a VPC or a part of it.
loggers as (
  select id, region, owner_account as account_id from vpcs
  union
  select id, region, account_id from seen_vpcs
  union
  select v.id, v.region, i.owner_account
  from interfaces i
  join vpcs v on v.id = i.vpc_id
  where i.owner_account in (select account_id from current_ledger)
),
answered as (
  select account_id, region, bool_or("table" = 'ec2_flow_logs') as knows_logs,
    bool_or("table" = 'ec2_subnets') as knows_subnets, bool_or("table" = 'ec2_network_interfaces') as knows_interfaces
  from (
    select *, max(case when region = '*' then run_id end) over (partition by account_id, "table") as any_run
    from current_ledger
    where "table" in ('ec2_flow_logs', 'ec2_subnets', 'ec2_network_interfaces')
  )
  where status in ('ok', 'empty', 'unsupported') and coalesce(any_run, run_id) = run_id
  group by account_id, region
),
unread as (
  select distinct g.id
  from loggers g
  left join answered a on a.account_id = g.account_id and a.region = g.region
  where not coalesce(a.knows_logs, false)
),
-- Logs of subnets and interfaces whose VPC is not known.
unplaced as (
  select distinct g.id
  from loggers g
  join logs l on l.owner_account = g.account_id and l.region = g.region
  where not l.is_failing and (l.resource_id like 'subnet-%' or l.resource_id like 'eni-%')
    and l.resource_id not in (select id from subnets) and l.resource_id not in (select id from interfaces)
),
judged as (
  select v.owner_account, v.region, v.id, v.arn, v.tags, v.cidr_block, v.is_default,
    coalesce(c.subnets, 0) as subnets, coalesce(c.logged_subnets, 0) as logged_subnets,
    coalesce(c.interfaces, 0) as interfaces, coalesce(c.logged_interfaces, 0) as logged_interfaces,
    coalesce(c.is_failing, false) or o.id is not null as is_failing, u.id is not null as is_unread,
    p.id is not null as has_unplaced, coalesce(a.knows_subnets, false) as knows_subnets,
    coalesce(a.knows_interfaces, false) as knows_interfaces
  from vpcs v
  left join logged o on o.id = v.id
  left join counted c on c.vpc_id = v.id
  left join unread u on u.id = v.id
  left join unplaced p on p.id = v.id
  left join answered a on a.account_id = v.owner_account and a.region = v.region
  where not coalesce(o.is_logged, false)
),
verdicts as (
  select *,
    case
      when is_unread then 'unknown'
      when subnets > 0 and subnets = logged_subnets then if(knows_subnets, null, 'unknown')
      when interfaces > 0 and interfaces = logged_interfaces then if(knows_interfaces, null, 'unknown')
      when not (knows_subnets and knows_interfaces) and (logged_subnets + logged_interfaces > 0 or has_unplaced)
        then 'unknown'
      when is_failing then 'failing'
      when logged_subnets + logged_interfaces > 0 then 'partial'
      else 'missing'
    end as verdict
  from judged
)
select owner_account as account_id, region, id, arn, nullif(element_at(tags, 'Name'), '') as name, cidr_block,
  is_default, subnets, logged_subnets, interfaces, logged_interfaces, verdict
from verdicts
where verdict is not null
order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12;
