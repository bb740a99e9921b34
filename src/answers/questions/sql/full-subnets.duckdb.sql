with subnets as (
  select *, case when regexp_full_match(owner_id, '[0-9]{12}') then owner_id else account_id end as owner,
    row_number() over (
      partition by coalesce(arn, concat(coalesce(owner_id, account_id), region, id))
      order by case when account_id = owner_id then 0 else 1 end, account_id
    ) as copy
  from current_ec2_subnets
),
sized as (
  select *, cast(pow(2, 32 - try_cast(split_part(cidr_block, '/', 2) as integer)) as bigint) - 5 as usable
  from subnets
  where copy = 1 and cidr_block like '%.%/%'
),
counted as (
  select *, greatest(usable - available_ip_address_count, 0) as used
  from sized
  where usable > 0
)
select owner as account_id, region, id as subnet_id, nullif(tags['Name'], '') as name, nullif(vpc_id, '') as vpc_id,
  cidr_block, used * 100 // usable as used_percent, usable, used, available_ip_address_count as free
from counted
where used * 100 >= 80 * usable
order by all;
