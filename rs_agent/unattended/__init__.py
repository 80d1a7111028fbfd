"""A computer that technicians reach when nobody sits there: its enrolment, access code, key, tries, hours, its wait."""
