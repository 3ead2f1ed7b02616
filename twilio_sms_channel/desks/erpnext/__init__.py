"""ERPNext's Issue. What knows that it is about ERPNext asks `desk_of(TICKET)`."""

TICKET = "Issue"
