read_csv(
    $files,
    all_varchar = true,
    header = true,
    auto_detect = true,
    delim = ',',
    quote = '"',
    escape = '"',
    nullstr = '',
    sample_size = 1
)
