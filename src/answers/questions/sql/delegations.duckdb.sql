with seen_zones as (
  select *, if(regexp_full_match(owner_id, '[0-9]{12}'), owner_id, account_id) as owner_account
  from current_route53_hosted_zones
  where (config->>'PrivateZone') is distinct from 'true'
),
zones as (
  select * from seen_zones
  qualify row_number() over (
    partition by coalesce(arn, owner_account || region || id)
    order by case when account_id = owner_account then 0 else 1 end, account_id) = 1
),
seen_records as (
  select *, if(regexp_full_match(owner_id, '[0-9]{12}'), owner_id, account_id) as owner_account
  from current_route53_records
  where type = 'NS' and private_zone is distinct from true
),
records as (
  select * from seen_records
  qualify row_number() over (
    partition by coalesce(arn, owner_account || region || id)
    order by case when account_id = owner_account then 0 else 1 end, account_id) = 1
),
children as (
  select owner_account, id, lower(regexp_replace(name, '[.]$', '')) as folded,
    coalesce(list(distinct server order by server) filter (where server is not null), []) as servers
  from (
    select owner_account, region, id, name,
      unnest(coalesce((delegation_set->'NameServers')::json[], [null])) as named,
      lower(regexp_replace(named->>'$', '[.]$', '')) as server
    from zones
  )
  group by owner_account, region, id, name
),
delegations as (
  select owner_account, region, id, hosted_zone_id, hosted_zone_name, coalesce(name_decoded, name) as name,
    lower(regexp_replace(name, '[.]$', '')) as folded, list(distinct server order by server) as servers
  from (
    select *, unnest(resource_records::json[]) as record,
      lower(regexp_replace(record->>'Value', '[.]$', '')) as server
    from records
  )
  where lower(regexp_replace(name, '[.]$', '')) is distinct from lower(regexp_replace(hosted_zone_name, '[.]$', ''))
  group by owner_account, region, id, hosted_zone_id, hosted_zone_name, name_decoded, name
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
  select d.*, c.owner_account as child_account_id, c.id as child_zone_id, c.servers as child_servers,
    bool_or(c.servers = d.servers) over same_record as is_right,
    bool_or(len(c.servers) = 0) over same_record as is_unread
  from delegations d join children c on c.folded = d.folded
  window same_record as (partition by d.owner_account, d.region, d.id)
)
select owner_account as account_id, region, hosted_zone_id, hosted_zone_name as zone_name, name,
  to_json(servers) as name_servers, child_account_id, child_zone_id, to_json(child_servers) as child_name_servers,
  case
    when is_unread or (select count(*) from unknown where "table" = 'route53_hosted_zones') > 0
      or owner_account in (select account_id from unknown where "table" = 'route53_records') then 'unknown'
    else 'mismatched'
  end as verdict
from pairs
where not is_right
order by all;
