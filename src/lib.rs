//! mainstay keeps monitoring systems maintained: it plans, runs and proves maintenance, and keeps the evidence.
