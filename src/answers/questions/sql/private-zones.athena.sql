with seen_zones as (
  select *, if(regexp_like(owner_id, '^[0-9]{12}$'), owner_id, account_id) as owner_account
  from current_route53_hosted_zones
  where json_extract_scalar(config, '$.PrivateZone') = 'true'
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
seen_associations as (
  select *, if(regexp_like(owner_id, '^[0-9]{12}$'), owner_id, account_id) as owner_account
  from current_route53_zone_associations
),
associations as (
  select * from (
    select *, row_number() over (
      partition by coalesce(arn, owner_account || region || id)
      order by case when account_id = owner_account then 0 else 1 end, account_id) as place
    from seen_associations
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
asked as (
  select account_id, region, status from current_ledger where "table" = 'ec2_vpcs'
),
-- Where they are not known: not answered, or never asked.
unknown as (
  select region from asked where status not in ('ok', 'empty', 'unsupported')
  union
  select '*' from current_ledger where account_id not in (select account_id from asked)
  union
  select l.region
  from current_ledger l
  left join asked a on a.account_id = l.account_id and (a.region = l.region or a.region = '*')
  where l.region not in ('*', 'global') and a.account_id is null
    and l.account_id in (select account_id from asked)
),
told as (
  select z.id as hosted_zone_id, json_extract_scalar(u.vpc, '$.VPCId') as vpc_id,
    json_extract_scalar(u.vpc, '$.VPCRegion') as vpc_region
  from zones z
  cross join unnest(cast(json_parse(z.vpcs) as array(json))) as u (vpc)
  union
  select hosted_zone_id, vpc_id, region from associations
),
of_others as (
  select owner_account, hosted_zone_id, name, vpc_id, region,
    coalesce(
      json_extract_scalar(owner, '$.OwningAccount'), json_extract_scalar(owner, '$.OwningService'), '') as zone_owner,
    row_number() over (partition by hosted_zone_id, vpc_id order by owner_account, region) as pair
  from associations
  where hosted_zone_id not in (select id from zones)
),
pairs as (
  select z.owner_account, z.id as hosted_zone_id, z.name as zone_name, z.owner_account as zone_owner,
    t.vpc_id, t.vpc_region
  from zones z
  left join told t on t.hosted_zone_id = z.id
  union all
  select owner_account, hosted_zone_id, name, zone_owner, vpc_id, region from of_others where pair = 1
)
select p.owner_account as account_id, 'global' as region, p.hosted_zone_id, p.zone_name, p.zone_owner, p.vpc_id,
  p.vpc_region, v.owner_account as vpc_account_id,
  case
    when p.vpc_id is null then null
    when v.id is not null then true
    when p.vpc_region in (select region from unknown) then null
    when (select count(*) from unknown where region = '*') > 0 then null
    else false
  end as in_estate
from pairs p
left join vpcs v on v.id = p.vpc_id
order by 1, 2, 3, 4, 5, 6, 7, 8, 9;
