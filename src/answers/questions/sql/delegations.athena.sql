with seen_zones as (
  select *, if(regexp_like(owner_id, '^[0-9]{12}$'), owner_id, account_id) as owner_account
  from current_route53_hosted_zones
  where json_extract_scalar(config, '$.PrivateZone') is distinct from 'true'
),
zones as (
  select * from (
    select *, row_number() over (
      partition by coalesce(arn, owner_account || region || id)
      order by case when account_id = owner_account then 0 else 1 end, account_id) as place
    from seen_zones
  )
  where place = 1
),
seen_records as (
  select *, if(regexp_like(owner_id, '^[0-9]{12}$'), owner_id, account_id) as owner_account
  from current_route53_records
  where type = 'NS' and private_zone is distinct from true
),
records as (
  select * from (
    select *, row_number() over (
      partition by coalesce(arn, owner_account || region || id)
      order by case when account_id = owner_account then 0 else 1 end, account_id) as place
    from seen_records
  )
  where place = 1
),
zone_servers as (
  select z.owner_account, z.id, lower(regexp_replace(json_extract_scalar(u.named, '$'), '[.]$', '')) as server
  from zones z
  cross join unnest(cast(json_extract(z.delegation_set, '$.NameServers') as array(json))) as u (named)
),
children as (
  select z.owner_account, z.id, lower(regexp_replace(z.name, '[.]$', '')) as folded,
    coalesce(
      json_format(cast(array_agg(distinct s.server order by s.server) filter (where s.server is not null) as json)),
      '[]') as servers
  from zones z
  left join zone_servers s on s.owner_account = z.owner_account and s.id = z.id
  group by z.owner_account, z.id, z.name
),
record_servers as (
  select r.owner_account, r.region, r.id, r.hosted_zone_id, r.hosted_zone_name,
    coalesce(r.name_decoded, r.name) as name,
    lower(regexp_replace(r.name, '[.]$', '')) as folded,
    lower(regexp_replace(json_extract_scalar(u.record, '$.Value'), '[.]$', '')) as server
  from records r
  cross join unnest(cast(json_parse(r.resource_records) as array(json))) as u (record)
  where lower(regexp_replace(r.name, '[.]$', ''))
    is distinct from lower(regexp_replace(r.hosted_zone_name, '[.]$', ''))
),
delegations as (
  select owner_account, region, id, hosted_zone_id, hosted_zone_name, name, folded,
    json_format(cast(array_agg(distinct server order by server) as json)) as servers
  from record_servers
  group by owner_account, region, id, hosted_zone_id, hosted_zone_name, name, folded
),
-- Where zones and records are not known: not answered, or never asked.
unknown as (
  select account_id, "table" from current_ledger
  where "table" in ('route53_hosted_zones', 'route53_records') and status not in ('ok', 'empty', 'unsupported')
  union
  select account_id, 'route53_hosted_zones' from current_ledger
  where account_id not in (select account_id from current_ledger where "table" = 'route53_hosted_zones')
),
pairs as (
  select d.owner_account, d.region, d.hosted_zone_id, d.hosted_zone_name, d.name, d.servers,
    c.owner_account as child_account_id, c.id as child_zone_id, c.servers as child_servers,
    bool_or(c.servers = d.servers) over (partition by d.owner_account, d.region, d.id) as is_right,
    bool_or(c.servers = '[]') over (partition by d.owner_account, d.region, d.id) as is_unread
  from delegations d
  join children c on c.folded = d.folded
)
select owner_account as account_id, region, hosted_zone_id, hosted_zone_name as zone_name, name,
  servers as name_servers, child_account_id, child_zone_id, child_servers as child_name_servers,
  case
    when is_unread or (select count(*) from unknown where "table" = 'route53_hosted_zones') > 0
      or owner_account in (select account_id from unknown where "table" = 'route53_records') then 'unknown'
    else 'mismatched'
  end as verdict
from pairs
where not is_right
order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;
