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

-- The columns of all tables, as Redshift describes them; the width of a text is that of its check.
create or replace view svv_columns as
select
    columns.database_name as table_catalog,
    columns.schema_name as table_schema,
    columns.table_name,
    columns.column_name,
    columns.column_index as ordinal_position,
    case when columns.is_nullable then 'YES' else 'NO' end as is_nullable,
    case
        when columns.data_type = 'VARCHAR' then 'character varying'
        when columns.data_type like 'DECIMAL%' then 'numeric'
        when columns.data_type = 'TIMESTAMP' then 'timestamp without time zone'
        else lower(columns.data_type)
    end as data_type,
    cast(regexp_extract(widths.expression, '<= (\d+)', 1) as integer) as character_maximum_length,
    columns.numeric_precision,
    columns.numeric_scale
from duckdb_columns() as columns
left join duckdb_constraints() as widths
    on
        columns.table_oid = widths.table_oid
        and columns.database_oid = widths.database_oid
        and widths.constraint_type = 'CHECK'
        and widths.constraint_column_names = [columns.column_name]
where not columns.internal;

-- Who can log in by name, and who has which role.
create or replace view svv_user_info as
select name as user_name
from redshift_rights.accounts
where kind = 'user';

create or replace view svv_roles as
select name as role_name
from redshift_rights.accounts
where kind = 'role';

create or replace view svv_user_grants as
select
    name as user_name,
    role_name
from redshift_rights.members
where kind = 'user';
