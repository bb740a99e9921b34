with seen_vpcs as (
  select *, if(regexp_full_match(owner_id, '[0-9]{12}'), owner_id, account_id) as owner_account
  from current_ec2_vpcs
),
vpcs as (
  select * from seen_vpcs
  qualify row_number() over (
    partition by coalesce(arn, owner_account || region || id)
    order by case when account_id = owner_account then 0 else 1 end, account_id) = 1
),
seen_subnets as (
  select *, if(regexp_full_match(owner_id, '[0-9]{12}'), owner_id, account_id) as owner_account
  from current_ec2_subnets
),
subnets as (
  select * from seen_subnets
  qualify row_number() over (
    partition by coalesce(arn, owner_account || region || id)
    order by case when account_id = owner_account then 0 else 1 end, account_id) = 1
),
-- The last row of each VPC, without an association, stands for its range if it lists none.
associated as (
  select *, unnest(coalesce(cidr_block_association_set::json[], []) || ['null'::json]) as association from vpcs
),
listed as (
  select owner_account, region, id, tags,
    coalesce(
      association->>'CidrBlock',
      case when json_array_length(cidr_block_association_set) > 0 then null else cidr_block end) as "range",
    coalesce(association->'CidrBlockState'->>'State', 'associated') as state
  from associated
),
-- The first and the last block of each range. The number of a /24 block is the first three numbers of its addresses.
ranges as (
  select *, first_block + if(bits < 24, cast(pow(2, 24 - bits) as bigint), 1) - 1 as last_block,
    row_number() over (partition by id, "range" order by owner_account) as again
  from (
    select *, cast(split_part("range", '/', 2) as integer) as bits,
      cast(split_part("range", '.', 1) as bigint) * 65536 + cast(split_part("range", '.', 2) as bigint) * 256
      + cast(split_part("range", '.', 3) as bigint) as first_block
    from listed
    where state in ('associated', 'associating')
      and regexp_full_match("range", '[0-9]{1,3}([.][0-9]{1,3}){3}/[0-9]{1,2}')
  )
),
spans as (
  select vpc_id, first_block, first_block + if(bits < 24, cast(pow(2, 24 - bits) as bigint), 1) - 1 as last_block
  from (
    select vpc_id, cast(split_part("range", '/', 2) as integer) as bits,
      cast(split_part("range", '.', 1) as bigint) * 65536 + cast(split_part("range", '.', 2) as bigint) * 256
      + cast(split_part("range", '.', 3) as bigint) as first_block
    from (select vpc_id, cidr_block as "range" from subnets)
    where regexp_full_match("range", '[0-9]{1,3}([.][0-9]{1,3}){3}/[0-9]{1,2}')
  )
),
-- Each range with the blocks that its subnets touch, and the end of those that begin before.
touching as (
  select r.owner_account, r.region, r.id, r.tags, r."range", r.bits, r.first_block, r.last_block,
    case when s.vpc_id is not null then greatest(s.first_block, r.first_block) end as from_block,
    case when s.vpc_id is not null then least(s.last_block, r.last_block) end as to_block
  from ranges r
  left join spans s on s.vpc_id = r.id and r.bits <= 24 and s.last_block >= r.first_block
    and s.first_block <= r.last_block
  where r.again = 1
),
touched as (
  select *, max(to_block) over (
    partition by id, "range" order by from_block, to_block
    rows between unbounded preceding and 1 preceding) as before
  from touching
),
-- Each block is counted for the first subnet that touches it. A block is free where a subnet begins behind the end of
-- those before, or behind the last one.
counted as (
  select owner_account, region, id, tags, "range", if(bits > 24, 0, last_block - first_block + 1) as blocks,
    coalesce(sum(greatest(to_block - greatest(from_block, coalesce(before + 1, 0)) + 1, 0)), 0) as touched_blocks,
    coalesce(
      min(case when coalesce(before + 1, first_block) < from_block then coalesce(before + 1, first_block) end),
      case when bits <= 24 and coalesce(max(to_block), first_block - 1) < last_block
        then coalesce(max(to_block), first_block - 1) + 1 end) as free_block
  from touched
  group by owner_account, region, id, tags, "range", bits, first_block, last_block
),
answered as (
  select account_id, region,
    status in ('ok', 'empty', 'unsupported') and coalesce(any_run, run_id) = run_id as is_answered
  from (
    select *, max(case when region = '*' then run_id end) over (partition by account_id) as any_run
    from current_ledger
    where "table" = 'ec2_subnets'
  )
)
select c.owner_account as account_id, c.region,
  case when not coalesce(a.is_answered, false) then 'unknown' when c.free_block is null then 'none' else 'free' end
    as verdict,
  c.id as vpc_id, nullif(c.tags['Name'], '') as name, c."range",
  case when a.is_answered then
    cast(cast(floor(cast(c.free_block as double) / 65536) as bigint) as varchar) || '.'
      || cast(cast(floor(cast(c.free_block as double) / 256) as bigint) % 256 as varchar) || '.'
      || cast(c.free_block % 256 as varchar) || '.0/24'
  end as free_block,
  case when a.is_answered then c.blocks - cast(c.touched_blocks as bigint) end as free_blocks
from counted c
left join answered a on a.account_id = c.owner_account and a.region = c.region
order by all;
