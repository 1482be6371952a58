"""What can go wrong, let come by `POST /lab/events`: on the way to the server, in it, and by others who use it."""
