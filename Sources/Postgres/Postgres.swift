// placeholder until the first commit of Postgres
