"""What pages show, as finished values: templates neither query nor compute."""
