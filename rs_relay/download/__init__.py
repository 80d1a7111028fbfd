"""The customer's download: made by the operator (`build`), begun on the customer's computer (`start`)."""
