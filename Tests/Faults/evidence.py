"""Counts, when all is over, what became of every acknowledged report."""
import json, os, subprocess


def fates(system, directory):
    """How many acknowledged reports are lost, doubled or of a wrong status, each with examples."""
    reports, finals, refused = set(), {}, 0
    with open(os.path.join(directory, "acknowledged.jsonl")) as file:
        for line in file:
            entry = json.loads(line)
            if entry[0] == "refused":
                refused += 1
                continue
            _, provider, batch = entry
            for message, status, second in batch:
                reports.add((provider, message, status))
                if status != "sent":
                    finals[provider, message] = status
    kept = {}
    for provider, message, status, count in system.sql("""
            select case message.provider when 1 then 'infobip' else 'plivo' end,
                message.provider_message_id, report.status, count(*)
            from report join message on message.id = report.message_id
            group by 1, 2, 3"""):
        kept[provider, message, NAMES.get(int(status), status)] = int(count)
    shown = {
        (provider, message): NAMES.get(int(status), status)
        for provider, message, status in system.sql("""
            select case provider when 1 then 'infobip' else 'plivo' end, provider_message_id, status
            from message""")}
    lost = [report for report in reports if report not in kept]
    doubled = [report for report, count in kept.items() if count > 1]
    wrong = [key for key, status in finals.items() if shown.get(key) != status]
    return {"reports": len(reports), "lost": lost, "doubled": doubled, "wrong": wrong, "refused": refused}


# Codes of statuses; see Status in Sources/Domain.
NAMES = {3: "sent", 4: "delivered", 5: "undeliverable"}


def verify(system, directory):
    """`waybill verify`: its end status, and what it says but for the receipts that are well."""
    summary = system.summary()
    answer = subprocess.run(
        [system.program, "verify", "--receipts", os.path.join(directory, "receipts.txt")],
        capture_output=True, text=True,
        env={**system.environment, "DATABASE_URL": summary["admin_database_url"],
             "WAYBILL_SPOOL_DIRECTORY": system.spool,
             "INFOBIP_WEBHOOK_USER": summary["infobip"]["user"],
             "INFOBIP_WEBHOOK_PASSWORD": summary["infobip"]["password"],
             "PLIVO_AUTH_TOKEN": summary["plivo"]["auth_token"], "APP_BASE_URL": summary["url"]})
    lines = (answer.stdout + answer.stderr).splitlines()
    return answer.returncode, "\n".join(line for line in lines if not line.endswith("\tledger"))
