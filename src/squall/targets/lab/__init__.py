"""The platform `lab`: the embedded system under test, reached over its control socket and in no other way."""
