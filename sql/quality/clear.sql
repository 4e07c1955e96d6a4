-- Forget what an earlier attempt of this run has counted in this stage: a repeated check leaves one row a rule.
delete from goodreads_warehouse.quality_results
where
    run_id = '$run'
    and stage = '$stage'
