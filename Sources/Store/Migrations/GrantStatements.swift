import Postgres

/// The commands that give users exactly some rights: superfluous ones are revoked, then missing
/// ones granted. No rows if nothing has to change.
///
/// It reads the schema's tables, sequences, columns and functions that belong to the migrations'
/// role and to no extension. Everybody (`public`) loses all rights there; a role that is not named
/// keeps its rights.
struct SelectRightChanges: Statement {
    /// The users whose rights are to be exact.
    let users: [String]
    /// All the rights that they should have.
    let grants: [Grant]

    static let name: StaticString = "select_right_changes"
    static let sql: StaticString = """
        with stated as materialized (
            select grantee, kind, object, privilege
            from unnest($2::text[], $3::text[], $4::text[], $5::text[])
                as line (grantee, kind, object, privilege)
        ),
        here as materialized (
            select oid, nspname, nspowner, nspacl from pg_namespace where nspname = current_schema()
        ),
        part as (
            select 'schema' as kind, ''::name as object, format('schema %I', nspname) as target,
                null::name as attribute, 'pg_namespace'::regclass as class, oid,
                nspowner as owner, coalesce(nspacl, acldefault('n', nspowner)) as rights
            from here
            union all
            select 'table', relname, format('table %I.%I', nspname, relname), null,
                'pg_class'::regclass, pg_class.oid, relowner,
                coalesce(
                    relacl,
                    acldefault(case relkind when 'S' then 's' else 'r' end::"char", relowner))
            from pg_class
            join here on here.oid = relnamespace
            where relkind in ('r', 'p', 'v', 'm', 'f', 'S')
            union all
            select 'column', relname, format('table %I.%I', nspname, relname), attname,
                'pg_class'::regclass, pg_class.oid, relowner, attacl
            from pg_attribute
            join pg_class on pg_class.oid = attrelid
            join here on here.oid = relnamespace
            where attacl is not null and not attisdropped
            union all
            select 'function', proname, format('routine %s', pg_proc.oid::regprocedure), null,
                'pg_proc'::regclass, pg_proc.oid, proowner,
                coalesce(proacl, acldefault('f', proowner))
            from pg_proc
            join here on here.oid = pronamespace
        ),
        held as materialized (
            select kind, object, target, attribute, entry.privilege_type as privilege,
                entry.is_grantable, rolname as grantee
            from part
            cross join lateral aclexplode(rights) as entry
            left join pg_roles on pg_roles.oid = entry.grantee
            where entry.grantee <> owner and pg_has_role(owner, 'usage')
                and (rolname = any($1::text[]) or entry.grantee = 0 and kind <> 'schema')
                and not exists (
                    select from pg_depend
                    where classid = part.class and objid = part.oid and deptype = 'e')
        ),
        surplus as (
            select target, grantee,
                case when attribute is null then privilege
                    else format('%s (%I)', privilege, attribute) end as privilege
            from held
            where is_grantable or not exists (
                select from stated
                where stated.grantee = held.grantee and stated.kind = held.kind
                    and stated.object = held.object and stated.privilege = held.privilege)
        ),
        missing as (
            select stated.grantee, stated.privilege, stated.kind, stated.object, part.target,
                pg_roles.oid as role
            from stated
            left join pg_roles on rolname = stated.grantee
            left join part on part.kind = stated.kind and part.object = stated.object
            where (part.oid is null or pg_roles.oid is null or part.owner <> pg_roles.oid)
                and not exists (
                    select from held
                    where held.grantee = stated.grantee and held.kind = stated.kind
                        and held.object = stated.object and held.privilege = stated.privilege
                        and not is_grantable)
        )
        select grantee, problem, command
        from (
            select 1 as turn, grantee::text, null as problem,
                format(
                    'revoke %s on %s from %s cascade', string_agg(privilege, ', '), target,
                    coalesce(quote_ident(grantee), 'public')) as command
            from surplus
            group by target, grantee
            union all
            select 2, grantee,
                case when role is null then format('there is no role %I', grantee)
                    when target is null then format('there is no %s %I', kind, object) end,
                format('grant %s on %s to %I', string_agg(privilege, ', '), target, grantee)
            from missing
            group by grantee, role, kind, object, target
        ) as change
        order by turn, command
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addTexts(users) { $0 }
        parameters.addTexts(grants) { $0.user }
        parameters.addTexts(grants) { $0.kind.rawValue }
        parameters.addTexts(grants) { $0.object }
        parameters.addTexts(grants) { $0.privilege }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> RightChange {
        RightChange(
            user: try row.next(String?.self), problem: try row.next(String?.self),
            command: try row.next(String.self))
    }
}

/// A command that changes rights.
struct RightChange {
    /// Nil for everybody.
    let user: String?
    /// Why the command would fail; nil if no reason is known.
    let problem: String?
    /// One `grant` or `revoke`, its names quoted by the server.
    let command: String
}
