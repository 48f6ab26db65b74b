"""What every part uses: the terminal, errors, places, SQL text, the warehouse file."""
