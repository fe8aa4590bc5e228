La commande doit trouver le nombre elle-même : ``grep`` affiche les lignes qui contiennent un mot,
et son option ``-c`` les compte.
