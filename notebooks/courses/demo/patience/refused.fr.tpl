Il faut un nombre entier de 0 à 60.
