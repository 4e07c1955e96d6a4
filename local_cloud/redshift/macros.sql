-- Redshift semantics that DuckDB lacks. Created in the warehouse file each time it is opened for writing.

-- DuckDB answers NULL for a division by zero; Redshift fails the statement.
create or replace macro redshift_divide(dividend, divisor) as
    case when divisor = 0 then error('Divide by zero') else dividend / divisor end;

create or replace macro redshift_modulo(dividend, divisor) as
    case when divisor = 0 then error('Divide by zero') else dividend % divisor end;

-- Redshift's AVG answers BIGINT for integers (truncated) and keeps the scale of a decimal. `largest` lends its type.
create or replace macro redshift_average(total, number, largest) as
    cast_to_type(total / number, largest + 0::bigint);

-- A cast to VARCHAR(n) keeps as many whole characters as fit into n bytes.
create or replace macro redshift_varchar(value, bytes) as
    case
        when strlen(value) <= bytes then value
        else left(value, list_max(list_filter(range(0, bytes + 1), lambda n: strlen(left(value, n)) <= bytes)))
    end;
