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
own as (
  select v.id, u.association
  from vpcs v
  cross join unnest(cast(json_parse(v.cidr_block_association_set) as array(json))) as u (association)
),
listed as (
  select id, json_extract_scalar(association, '$.CidrBlock') as "range",
    json_extract_scalar(association, '$.CidrBlockState.State') as state
  from own
  union all
  select id, cidr_block, null from vpcs where id not in (select id from own)
),
texts as (
  select distinct 'vpc' as kind, id as vpc_id, "range"
  from listed
  where state is null or state in ('associated', 'associating')
  union
  select 'subnet', vpc_id, cidr_block from subnets
),
-- The first and the last block of each range. The number of a /24 block is the first three numbers of its addresses.
ranges as (
  select kind, vpc_id, "range", cast(split_part("range", '/', 2) as integer) as length,
    cast(split_part("range", '.', 1) as bigint) * 65536 + cast(split_part("range", '.', 2) as bigint) * 256
      + cast(split_part("range", '.', 3) as bigint) as first_block
  from texts
  where regexp_like("range", '^[0-9]{1,3}([.][0-9]{1,3}){3}/[0-9]{1,2}$')
),
spans as (
  select *, first_block + if(length < 24, cast(power(2, 24 - length) as bigint), 1) - 1 as last_block from ranges
),
touching as (
  select v.vpc_id, v."range", v.first_block, v.last_block, greatest(s.first_block, v.first_block) as from_block,
    least(s.last_block, v.last_block) as to_block
  from spans v
  join spans s on s.kind = 'subnet' and s.vpc_id = v.vpc_id and s.last_block >= v.first_block
    and s.first_block <= v.last_block
  where v.kind = 'vpc' and v.length <= 24
),
-- Each block that is touched is counted for the first span that touches it.
counted as (
  select *, max(to_block) over (
    partition by vpc_id, "range" order by from_block, to_block
    rows between unbounded preceding and 1 preceding) as before
  from touching
),
touched as (
  select vpc_id, "range", sum(greatest(to_block + 1 - greatest(from_block, coalesce(before + 1, 0)), 0)) as blocks
  from counted
  group by vpc_id, "range"
),
-- The lowest free block is the first one, or one behind a span.
candidates as (
  select vpc_id, "range", first_block as block, last_block from spans where kind = 'vpc' and length <= 24
  union
  select vpc_id, "range", to_block + 1, last_block from touching where to_block < last_block
),
lowest as (
  select c.vpc_id, c."range", min(c.block) as block
  from candidates c
  left join touching t on t.vpc_id = c.vpc_id and t."range" = c."range" and c.block between t.from_block and t.to_block
  where t.vpc_id is null
  group by c.vpc_id, c."range"
),
answered as (
  select l.account_id, l.region
  from current_ledger l
  left join current_ledger s on s.account_id = l.account_id and s."table" = l."table" and s.region = '*'
    and s.run_id <> l.run_id
  where l."table" = 'ec2_subnets' and l.status in ('ok', 'empty', 'unsupported') and s.region is null
)
select v.owner_account as account_id, v.region,
  case when a.account_id is null then 'unknown' when f.block is null then 'none' else 'free' end as verdict,
  v.id as vpc_id, nullif(element_at(v.tags, 'Name'), '') as name, r."range",
  case when a.account_id is not null then
    cast(cast(floor(cast(f.block as double) / 65536) as bigint) as varchar) || '.'
      || cast(cast(floor(cast(f.block as double) / 256) as bigint) % 256 as varchar) || '.'
      || cast(f.block % 256 as varchar) || '.0/24'
  end as free_block,
  case when a.account_id is not null then
    if(r.length > 24, 0, r.last_block - r.first_block + 1 - coalesce(cast(t.blocks as bigint), 0))
  end as free_blocks
from vpcs v
join spans r on r.kind = 'vpc' and r.vpc_id = v.id
left join touched t on t.vpc_id = r.vpc_id and t."range" = r."range"
left join lowest f on f.vpc_id = r.vpc_id and f."range" = r."range"
left join answered a on a.account_id = v.owner_account and a.region = v.region
order by 1, 2, 3, 4, 5, 6, 7, 8;
