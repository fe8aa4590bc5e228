Waited for {{ seconds }} s. Nothing else happened, as promised.
