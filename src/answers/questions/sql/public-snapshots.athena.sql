with snapshots as (
  select *, row_number() over (
    partition by coalesce(arn, owner || region || id)
    order by case when account_id = owner then 0 else 1 end, account_id
  ) as place
  from (
    select *, case when regexp_like(owner_id, '^[0-9]{12}$') then owner_id else account_id end as owner
    from current_ec2_public_snapshots
  ) as t
)
select owner as account_id, region, id as snapshot_id, nullif(element_at(tags, 'Name'), '') as name, description, volume_id,
  volume_size, encrypted, start_time
from snapshots
where place = 1
order by 1, 2, 3, 4, 5, 6, 7, 8, 9
