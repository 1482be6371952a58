"""What is peculiar to the recordings of NetBox: how they are read, set up, sent, and what is compared of them."""
