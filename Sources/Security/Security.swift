// placeholder until the first commit of Security
