with seen_checks as (
  select *, if(regexp_full_match(owner_id, '[0-9]{12}'), owner_id, account_id) as owner_account
  from current_route53_health_checks
),
checks as (
  select * from seen_checks
  qualify row_number() over (
    partition by coalesce(arn, owner_account || region || id)
    order by case when account_id = owner_account then 0 else 1 end, account_id) = 1
),
used as (
  select health_check_id as id from current_route53_records
  union all
  select unnest((health_check_config->'ChildHealthChecks')::json[])->>'$' from checks
),
answered as (
  select l.account_id, l.region
  from current_ledger l
  left join current_ledger s on s.account_id = l.account_id and s."table" = l."table" and s.region = '*'
    and s.run_id <> l.run_id
  where l."table" = 'route53_health_checks' and l.status in ('ok', 'empty', 'unsupported') and s.region is null
),
-- The accounts whose records are not known: not answered, or never asked.
unknown as (
  select account_id from current_ledger
  where "table" = 'route53_records' and status not in ('ok', 'empty', 'unsupported')
  union
  select account_id from current_ledger
  where account_id not in (select account_id from current_ledger where "table" = 'route53_records')
)
select c.owner_account as account_id, c.region, c.id, c.arn, nullif(c.tags['Name'], '') as name,
  c.health_check_config->>'Type' as type,
  coalesce(
    c.health_check_config->>'FullyQualifiedDomainName',
    c.health_check_config->>'IPAddress') as target,
  c.linked_service->>'ServicePrincipal' as linked_service,
  case
    when a.account_id is null or (select count(*) from unknown) > 0 then 'unknown'
    else 'unused'
  end as verdict
from checks c
left join answered a on a.account_id = c.owner_account and a.region = c.region
where c.id not in (select id from used where id is not null)
order by all;
