// placeholder until the first commit of Telemetry
