with seen_checks as (
  select *, if(regexp_like(owner_id, '^[0-9]{12}$'), owner_id, account_id) as owner_account
  from current_route53_health_checks
),
checks as (
  select * from (
    select *, row_number() over (
      partition by coalesce(arn, owner_account || region || id)
      order by case when account_id = owner_account then 0 else 1 end, account_id) as place
    from seen_checks
  )
  where place = 1
),
used as (
  select health_check_id as id from current_route53_records
  union all
  select json_extract_scalar(u.child, '$')
  from checks k
  cross join unnest(cast(json_extract(k.health_check_config, '$.ChildHealthChecks') as array(json))) as u (child)
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
select c.owner_account as account_id, c.region, c.id, c.arn, nullif(element_at(c.tags, 'Name'), '') as name,
  json_extract_scalar(c.health_check_config, '$.Type') as type,
  coalesce(
    json_extract_scalar(c.health_check_config, '$.FullyQualifiedDomainName'),
    json_extract_scalar(c.health_check_config, '$.IPAddress')) as target,
  json_extract_scalar(c.linked_service, '$.ServicePrincipal') as linked_service,
  case
    when a.account_id is null or (select count(*) from unknown) > 0 then 'unknown'
    else 'unused'
  end as verdict
from checks c
left join answered a on a.account_id = c.owner_account and a.region = c.region
where c.id not in (select id from used where id is not null)
order by 1, 2, 3, 4, 5, 6, 7, 8, 9;
