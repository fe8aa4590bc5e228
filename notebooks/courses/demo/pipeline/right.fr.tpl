Une commande est un programme d’une ligne. La vôtre est juste.
