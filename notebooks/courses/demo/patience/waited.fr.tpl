{{ seconds }} s d’attente. Rien d’autre n’est arrivé, comme promis.
