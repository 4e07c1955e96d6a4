read_csv($files, columns = $types, header = true, delim = ',', quote = '"', escape = '"', nullstr = '')
