-- All files of these runs have been landed again.
delete from goodreads_warehouse.files_to_land
where
    dataset = '$table'
    and run_id in (
$runs
    )
